"""Kernels that are forked, not started: their imports were half of a chapter's CPU time.

jupyter_client, and so nbval, asks one process for its kernels: this file, run as a script.
It imports what most chapters import, starts no thread, and forks a child for each notebook,
which is a process and a namespace of its own as before. It ends with the process that asks;
a kernel ends when it is killed, or when its parent is gone.
"""

import gc
import json
import os
import signal
import sys
from contextlib import suppress
from functools import partialmethod
from subprocess import DEVNULL, PIPE, Popen


class Forked:
    """What jupyter_client uses of a Popen."""

    server = stdin = stdout = stderr = None

    def __init__(self, command, *, env, cwd=".", **_):
        module = command.index("-m")
        if Forked.server is None or Forked.server.poll() is not None:
            pipes = {"stdin": PIPE, "stdout": PIPE, "stderr": DEVNULL, "text": True}
            Forked.server = Popen([*command[:module], __file__], **pipes)
        request = json.dumps([command[module + 2 :], cwd, env])
        print(request, file=self.server.stdin, flush=True)
        self.pid = int(self.server.stdout.readline())

    def send_signal(self, number):
        os.kill(self.pid, number)

    kill = partialmethod(send_signal, signal.SIGKILL)
    terminate = partialmethod(send_signal, signal.SIGTERM)

    def poll(self):
        try:
            self.send_signal(0)
        except ProcessLookupError:
            return 0

    def wait(self):
        return 0  # called when poll has seen the end


def run_kernel(arguments, cwd, env):
    os.setsid()  # jupyter_client signals the group
    print(os.getpid(), flush=True)
    for descriptor in range(3):
        os.dup2(os.open(os.devnull, os.O_RDWR), descriptor)
    os.environ.clear()
    os.environ.update(env, JPY_PARENT_PID=str(os.getppid()))
    os.chdir(cwd)
    # In a kernel that starts, the environment says so before matplotlib reads it.
    matplotlib.rcParams["backend"] = "module://matplotlib_inline.backend_inline"
    kernelapp.IPKernelApp.launch_instance(arguments)


def reap(*_):
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    import matplotlib.pyplot
    import torch._dynamo  # noqa: F401 (an optimizer would import it)
    from ipykernel import kernelapp

    import embedlinear.book  # noqa: F401

    del sys.path[0]  # this folder
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, reap)
    for line in sys.stdin:
        if os.fork() == 0:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            sys.exit(run_kernel(*json.loads(line)))
