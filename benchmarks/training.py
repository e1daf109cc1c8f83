"""Training of the image U-Net, in images a second, against the matrix products done in the same time."""

from __future__ import annotations

from benchmarks.rows import Row

SIDES, WIDTH, BATCH = (16, 32), 32, 64


def measure() -> list[Row]:
    """Images a second of one core, and the share of its matrix-product speed that training reaches."""
    import torch

    from echolimit.learning.cost import matmul_speed, run_cost, training_speed
    from echolimit.learning.settings import NetworkSettings, RunSettings, TrainingSettings

    rows = []
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for precision in ("no", "bf16"):
            peak = matmul_speed(precision)
            name = {"no": "float32", "bf16": "bfloat16"}[precision]
            rows.append(Row("training", f"matrix product 1,024 cubed, {name}", peak / 1e9, "Gflop/s"))
            for side in SIDES:
                settings = RunSettings(
                    network=NetworkSettings(kind="unet", width=WIDTH, depth=3),
                    training=TrainingSettings(batch=BATCH, precision=precision),
                )
                cost = run_cost(settings, (3, side, side))
                speed = training_speed(settings, (3, side, side))
                what = f"U-Net of {cost.parameters / 1e6:.2f} M, 3 x {side} x {side}, {name}"
                rows.append(Row("training", f"{what}: images a second", speed, "1/s"))
                share = speed * cost.training_flops / peak
                rows.append(Row("training", f"{what}: share of the matrix products", share, ""))
    finally:
        torch.set_num_threads(threads)
    return rows
