"""Python reads this at the start of every process that a test starts, and it costs less for it.

``import torch`` leaves 170,000 objects, and the collector looks through all of them more than
once: while they are made, 0.4 s a process, and on the way out, 0.4 s, 0.7 s with
torch.distributed. So it comes seldom, and passes over what is frozen.
"""

import atexit
import gc
import json
import os
import signal
import socket
import sys

gc.set_threshold(50_000, 20, 50)
atexit.register(gc.freeze)


def let_it_fork(module, *arguments):
    """Let kernels.py, which has imported torch, fork this process's work; end as that ends."""
    request = json.dumps([module, arguments, os.getcwd(), {**os.environ}])
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.connect(f"\0embedlinear-{os.environ['FORK_SERVER']}")
        socket.send_fds(server, [request.encode()], [0, 1, 2])
        worker = int(server.recv(20))
        signal.signal(signal.SIGTERM, lambda number, _: os.kill(worker, number))
        code = os.waitstatus_to_exitcode(int(server.recv(20)))
    if code == -signal.SIGTERM:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if code < 0:
        os.kill(os.getpid(), -code)
    os._exit(code)


_torchrun = (
    "torch.distributed.run" in sys.orig_argv or "TORCHELASTIC_RUN_ID" in os.environ
)
if _torchrun and "FORK_SERVER" in os.environ and "-m" in sys.orig_argv:
    let_it_fork(*sys.orig_argv[sys.orig_argv.index("-m") + 1 :])
