"""Kernels that are forked instead of started: half of a chapter's CPU time was its imports.

`fork_kernels()` makes jupyter_client, and so nbval, ask one process, which runs this file, for its
kernels. That process has imported what most chapters import, has started no thread, and forks a
child for each notebook: a process and a namespace of its own, as before. It ends with the process
that asks; each kernel ends when nbval kills it, or when its parent is gone.
"""

import gc
import json
import os
import signal
import sys
from subprocess import DEVNULL, PIPE, Popen

server = None


class Forked:
    """What jupyter_client uses of a Popen."""

    stdin = stdout = stderr = None

    def __init__(self, command, *, cwd, env, **_):
        global server
        module = command.index("-m")
        if server is None or server.poll() is not None:
            python = [*command[:module], __file__]
            server = Popen(python, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, text=True)
        print(json.dumps([command[module + 2 :], cwd, env]), file=server.stdin)
        server.stdin.flush()
        self.pid = int(server.stdout.readline())

    def poll(self):
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0

    def wait(self):
        return 0  # it is called when poll has found the end

    def send_signal(self, number):
        os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def terminate(self):
        self.send_signal(signal.SIGTERM)


def fork_kernels():
    from jupyter_client.provisioning import local_provisioner

    local_provisioner.launch_kernel = Forked


def kernel(arguments, cwd, env):
    from ipykernel.kernelapp import IPKernelApp
    from matplotlib import rcParams

    os.setsid()  # jupyter_client signals the group
    print(os.getpid(), flush=True)
    for descriptor in range(3):
        os.dup2(os.open(os.devnull, os.O_RDWR), descriptor)
    os.environ.clear()
    os.environ.update(env, JPY_PARENT_PID=str(os.getppid()))
    os.chdir(cwd)
    # matplotlib reads it from the environment, where ipykernel puts it too late for us.
    rcParams["backend"] = "module://matplotlib_inline.backend_inline"
    IPKernelApp.launch_instance(arguments)


def reap(*_):
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def main():
    import ipykernel.kernelapp  # noqa: F401
    import matplotlib.pyplot  # noqa: F401
    import torch._dynamo  # noqa: F401 (an optimizer would import it)

    import embedlinear.book  # noqa: F401

    del sys.path[0]  # this folder
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, reap)
    for line in sys.stdin:
        if os.fork() == 0:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            kernel(*json.loads(line))
            sys.exit()


if __name__ == "__main__":
    main()
