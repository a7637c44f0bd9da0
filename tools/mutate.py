"""Plant one fault at a time in the layers, and see that the tests notice.

    python tools/mutate.py            every fault, in a temporary copy; about three minutes
    python tools/mutate.py pad norm   only the faults whose name contains one of these words

The checkout is never touched. Each row of the table is one fault: *caught* by the named test, or
SURVIVED, which makes the exit status 1. A fault whose text is no longer in the source is an error
too: the list must follow the code.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = [
    "layers/test_embedding.py",
    "layers/test_linear.py",
    "layers/test_onehot.py",
    "layers/test_equivalence.py",
]

E, L, C, H, Q = "embedding.py", "linear.py", "checks.py", "onehot.py", "equivalence.py"
FAULTS = [  # name, file, text, replacement
    ("pad gradient kept", E, "table[padding_idx] = 0 ", "pass "),
    (
        "pad gradient kept, sparse",
        E,
        "if padding_idx is not None:  # the pad is",
        "if False:  # the pad is",
    ),
    ("wrong row padded", E, "table[padding_idx] = 0 ", "table[padding_idx - 1] = 0 "),
    (
        "pad row not zeroed at birth",
        E,
        "nn.init.zeros_(self.weight[self.padding_idx])",
        "pass",
    ),
    (
        "pad detached from the layer",
        E,
        "ids, padding_idx, self.scale",
        "ids, None, self.scale",
    ),
    ("frequency ignored", E, "if scale_grad_by_freq:", "if False:"),
    ("frequency multiplied", E, "(1 / count.to(grad.dtype))", "count.to(grad.dtype)"),
    (
        "frequency of the whole table",
        E,
        "torch.ones_like(ids))[ids]",
        "torch.ones_like(ids)).sum().expand_as(ids)",
    ),
    (
        "repeated ids overwrite",
        E,
        "zeros.index_add(0, ids, grad)",
        "zeros.index_copy(0, ids.long(), grad)",
    ),
    ("repeated ids overwrite, half", E, "(ids,), grad, True)", "(ids,), grad, False)"),
    (
        "half summed in float32",
        E,
        "grad, True) if half else",
        "grad, True) if False else",
    ),
    (
        "float32 summed in thread order",
        E,
        "grad, True) if half else",
        "grad, True) if True else",
    ),
    ("sparse ignored", E, "if sparse:", "if False:"),
    (
        "sparse with frequency let through",
        E,
        "checks.no_frequency_with_sparse(scale_grad_by_freq)",
        "pass",
    ),
    ("sparse gradient that warns", E, ", check_invariants=False", ""),
    (
        "max_norm not in place",
        E,
        "weight.index_copy_(0, ids.long(), rows)",
        "weight.index_copy(0, ids.long(), rows)",
    ),
    (
        "max_norm hidden from autograd",
        E,
        "weight = weight.detach()",
        "weight = weight.data",
    ),
    (
        "max_norm on every row",
        E,
        "renormalise_(self.weight, ids,",
        "renormalise_(self.weight, torch.arange(len(self.weight)),",
    ),
    (
        "max_norm lengthens short rows",
        E,
        "torch.where(length > max_norm, scale, 1.0)",
        "scale",
    ),
    ("max_norm without epsilon", E, "(length + 1e-7)", "length"),
    ("norm_type ignored", E, "vector_norm(rows, norm_type,", "vector_norm(rows, 2,"),
    ("max_norm ignored", E, "if self.max_norm is not None:", "if False:"),
    (
        "forward mode gathers nothing",
        E,
        "return weight_tangent.index_select(0, ctx.saved_tensors[0])",
        "return 0 * weight_tangent.index_select(0, ctx.saved_tensors[0])",
    ),
    (
        "indices not watched",
        E,
        "ctx.save_for_backward(ids)",
        "ctx.save_for_backward(ids.clone())",
    ),
    (
        "uniform instead of normal",
        E,
        "nn.init.normal_(self.weight)",
        "nn.init.uniform_(self.weight)",
    ),
    ("freeze ignored", E, "_weight=embeddings, _freeze=freeze)", "_weight=embeddings)"),
    ("from_pretrained copies", E, "_weight=embeddings,", "_weight=embeddings.clone(),"),
    (
        "from_pretrained forgets the class",
        E,
        "return cls(*embeddings.shape",
        "return Embedding(*embeddings.shape",
    ),
    (
        "indices not flattened in order",
        E,
        "ids = input.reshape(-1)",
        "ids = input.t().reshape(-1) if input.dim() == 2 else input.reshape(-1)",
    ),
    (
        "output not reshaped",
        E,
        "return rows.reshape(*input.shape, self.weight.size(1))",
        "return rows",
    ),
    ("dtype ignored", E, "device=device, dtype=dtype)", "device=device)"),
    (
        "repr without norm_type",
        E,
        "(None, None, 2, False, False)",
        "(None, None, self.norm_type, False, False)",
    ),
    ("no vmap rule", E, "generate_vmap_rule = True", "generate_vmap_rule = False"),
    (
        "weight not transposed",
        L,
        "return x @ weight.t() if bias is None else torch.addmm(bias, x, weight.t())",
        "return x @ weight if bias is None else torch.addmm(bias, x, weight)",
    ),
    (
        "bias forgotten",
        L,
        "else torch.addmm(bias, x, weight.t())",
        "else x @ weight.t() + 0 * bias",
    ),
    (
        "bias subtracted",
        L,
        "else torch.addmm(bias, x, weight.t())",
        "else torch.addmm(-bias, x, weight.t())",
    ),
    (
        "input gradient transposed",
        L,
        "grad @ weight.conj()",
        "(weight.conj().t() @ grad.t())",
    ),
    ("input gradient scaled", L, "grad @ weight.conj()", "2 * grad @ weight.conj()"),
    ("no conjugate", L, "grad @ weight.conj()", "grad @ weight"),
    (
        "weight gradient averaged",
        L,
        "grad.t() @ x.conj()",
        "grad.t() @ x.conj() / len(x)",
    ),
    ("bias gradient averaged", L, "grad.sum(0)", "grad.mean(0)"),
    ("frozen weight keeps its input alive", L, "x if need_weight else None", "x"),
    (
        "half a product rule",
        L,
        "x_tangent @ weight.t() + x @ weight_tangent.t()",
        "x_tangent @ weight.t()",
    ),
    ("tangent of the bias forgotten", L, "else tangent + bias_tangent", "else tangent"),
    ("initial bound without the root", L, "a=math.sqrt(5)", "a=5"),
    (
        "bias drawn from another range",
        L,
        "nn.init.uniform_(self.bias, -k, k)",
        "nn.init.uniform_(self.bias, 0, k)",
    ),
    ("bias=False ignored", L, "if bias else None\n", "\n"),
    (
        "autocast ignored",
        L,
        "checks.autocast(input, self.weight, self.bias)",
        "input, self.weight, self.bias",
    ),
    (
        "set_weight swaps the Parameter",
        L,
        "        self.weight.copy_(weight)",
        "        self.weight = nn.Parameter(weight)",
    ),
    (
        "set_weight writes before it checks",
        L,
        '        checks.replacement("weight", weight, self.weight)\n',
        "        self.weight.copy_(weight) if weight.numel() == 6 else None\n"
        '        checks.replacement("weight", weight, self.weight)\n',
    ),
    ("set_weight forgets the bias", L, "            self.bias.copy_(bias)\n", ""),
    (
        "negative indices let through",
        C,
        "if low >= 0 and high < rows:",
        "if high < rows:",
    ),
    (
        "one index too many let through",
        C,
        "if low >= 0 and high < rows:",
        "if low >= 0 and high <= rows:",
    ),
    (
        "last index refused",
        C,
        "if low >= 0 and high < rows:",
        "if low >= 0 and high < rows - 1:",
    ),
    (
        "uint8 let through",
        C,
        "(torch.int64, torch.int32)",
        "(torch.int64, torch.int32, torch.uint8)",
    ),
    ("negative padding_idx kept", C, "return place % rows", "return place"),
    (
        "padding_idx = V let through",
        C,
        "if not -rows <= place < rows:",
        "if not -rows <= place <= rows:",
    ),
    ("switch does not come back", C, "index_check.enabled = self.before", "pass"),
    (
        "transpose always advised",
        C,
        "fits = new.dim() == 2 and new.t().shape == old.shape",
        "fits = True",
    ),
    ("dtype not compared", C, "if new.dtype != old.dtype:", "if False:"),
    ("float64 cast by autocast", C, "t.dtype != torch.float64", "True"),
    (
        "num_classes guessed",
        H,
        "if num_classes is None:",
        "num_classes = int(indices.max()) + 1 if num_classes is None else num_classes\n"
        "    if num_classes is None:",
    ),
    ("int32 refused", C, "(torch.int64, torch.int32)", "(torch.int64,)"),
    ("two instead of one", H, "unsqueeze(-1), 1)", "unsqueeze(-1), 2)"),
    (
        "linear shares the table's memory",
        Q,
        "    linear.set_weight(table.t())",
        "    linear.weight = torch.nn.Parameter(embedding.weight.detach().t())",
    ),
    (
        "embedding shares the matrix's memory",
        Q,
        ".t().clone(memory_format=torch.contiguous_format)",
        ".t()",
    ),
    ("bias dropped silently", Q, "if not fold_bias:", "if False:"),
    (
        "pad of Linear not stopped",
        Q,
        "if padding_idx is not None:\n            right",
        "if False:\n            right",
    ),
    (
        "compare touches the layer",
        Q,
        "table = embedding.weight.detach().clone().requires_grad_()",
        "table = embedding.weight.detach().requires_grad_()",
    ),
]


def run(folder, arguments):
    """pytest on the copy: (exit status, name of the first failing test)."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder / "src"),
        "OMP_NUM_THREADS": "1",
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-n0",
        "-p",
        "no:cacheprovider",
    ]
    command += [
        "-c",
        os.devnull,
        "--rootdir",
        str(folder),
        "-W",
        "ignore",
        "-p",
        "no:randomly",
    ]
    done = subprocess.run(
        [*command, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    failed = [s for s in done.stdout.splitlines() if s.startswith(("FAILED", "ERROR"))]
    return (
        done.returncode,
        failed[0].split("::", 1)[-1].split(" - ")[0][:48] if failed else "",
        done,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "words", nargs="*", help="only faults whose name contains one of these"
    )
    words = parser.parse_args().words
    chosen = [f for f in FAULTS if not words or any(w in f[0] for w in words)]
    survived = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(
            ROOT / "src",
            folder / "src",
            ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"),
        )
        (folder / "tests").mkdir()
        for test in TESTS:
            shutil.copy(ROOT / "tests" / test, folder / "tests")
        status, first, done = run(folder, [f"tests/{t}" for t in TESTS])
        if status:
            print(done.stdout[-3000:], done.stderr[-1000:])
            return f"the tests fail without any fault: {first}"
        order = {E: 0, L: 1, C: 0, H: 2, Q: 3}
        for number, (title, file, text, replacement) in enumerate(chosen, 1):
            path = folder / "src" / "embedlinear" / file
            source = path.read_text(encoding="utf-8")
            if text not in source:
                return f"{title}: {file} no longer contains {text!r}"
            path.write_text(source.replace(text, replacement, 1), encoding="utf-8")
            start = time.perf_counter()
            near = TESTS[order[file]]  # the nearest tests first
            status, first, _ = run(
                folder, [f"tests/{near}", *(f"tests/{t}" for t in TESTS if t != near)]
            )
            path.write_text(source, encoding="utf-8")
            verdict = (
                f"caught by {first}"
                if status == 1
                else f"SURVIVED (pytest said {status})"
            )
            if status != 1:
                survived.append(title)
            seconds = time.perf_counter() - start
            print(
                f"{number:3} {file:15} {title:38} {verdict:60} {seconds:5.1f} s",
                flush=True,
            )
    print(f"{len(chosen) - len(survived)} of {len(chosen)} faults caught")
    return f"survived: {', '.join(survived)}" if survived else 0


if __name__ == "__main__":
    sys.exit(main())
