"""A float32 matrix that grows while a file is read, without ever being held twice."""

import numpy as np


class Stack:
    """Rows of ``d`` float32, appended block by block; ``done`` returns them as one array (n, d).

    The room for all rows, ``most`` of them if that is known, is asked for once, judged from the
    first blocks: the system hands out memory only where it is written to, and what is left over
    goes back at the end. It is judged from what has been read, never from what a header promises.
    """

    def __init__(self, d, most, source):
        self.rows, self.data = 0, np.empty((0, d), np.float32)
        self.most, self.size = most, max(source.on_disk, 1)
        self.growth = 16 if source.packed else 1024

    def append(self, block, read):
        """Add ``block`` (k, d), after which ``read`` bytes of the file are behind us."""
        need = self.rows + len(block)
        if need > len(self.data):
            room = need
            if read < self.size:
                room = min(
                    int(1.03 * need * self.size / max(read, 1)) + 1, self.growth * need
                )
            if self.most is not None:
                room = max(need, min(room, self.most))
            if self.rows:
                self.data.resize(
                    (room, self.data.shape[1]), refcheck=False
                )  # moves no bytes
            else:
                self.data = np.empty((room, self.data.shape[1]), np.float32)
        self.data[self.rows : need] = block
        self.rows = need

    def done(self):
        self.data.resize((self.rows, self.data.shape[1]), refcheck=False)
        return self.data
