"""Collects the services' figures into build/bench/services.json. Each part is measured by a file beside this one."""
import json
import os
import pathlib
import platform
import subprocess
import sys

import capacity_figures
import flag_effect
import image_sizes
import rolling_restart
import shadow_cost
import training_load

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build/release"


def flags():
    figures = json.loads(subprocess.run([BUILD / "bench/services/guard_bench"], check=True, capture_output=True,
                                        text=True).stdout)
    seconds = flag_effect.measure(BUILD / "cloudfolio")
    figures["flag_effect_seconds"] = round(seconds[max(0, -(-len(seconds) * 99 // 100) - 1)], 3)
    figures["flag_effect_median_seconds"] = round(seconds[len(seconds) // 2], 3)
    return figures


def of_training(part):
    return lambda: part(BUILD / "cloudfolio", ROOT / "samples/portfolio")


# What a figure may be at most.
BARS = {"queue_to_first_step_seconds": 2, "refresh_p95_ratio_while_training": 1.15, "flag_effect_seconds": 2,
        "guard_requests_to_act_at_50_percent": 25, "guard_false_turn_backs_per_million": 1,
        "rolling_restart_failed_requests": 0, "shadow_added_p99_ms": 1, "service_image_mb": 50, "worker_image_mb": 60,
        "duplicate_starts": 0, "orphans_after_1000_cycles": 0, "idle_workers_after_660_s": 0,
        "ledger_error_fraction": 0.001, "cost_per_1000_requests_usd": 0.35}
PARTS = {"capacity": lambda: capacity_figures.measure(BUILD / "bench/services/capacity_bench"),
         "flags": flags,
         "rolling_restart": lambda: rolling_restart.figures(BUILD / "cloudfolio"),
         "shadow": lambda: shadow_cost.measure(BUILD / "cloudfolio"),
         "training_starts": of_training(training_load.starts),
         "refreshes_beside_training": of_training(training_load.refreshes),
         "images": lambda: image_sizes.measure(BUILD / "cloudfolio")}


def main(wanted):
    out = ROOT / "build/bench/services.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    figures = json.loads(out.read_text())["figures"] if out.exists() else {}
    machine = f"{os.cpu_count()} x {platform.machine()}, {platform.platform()}"
    missed = 0
    for name in wanted or PARTS:
        if name not in PARTS:
            sys.exit(f"no part '{name}'; there are: {' '.join(PARTS)}")
    for name, part in PARTS.items():
        if wanted and name not in wanted:
            continue
        print(f"measuring {name} …", flush=True)
        try:
            figures.update(part())
        except (SystemExit, OSError, subprocess.SubprocessError) as failure:
            # The other parts are measured all the same.
            print(f"{name} failed: {failure}", flush=True)
            missed += 1
        out.write_text(json.dumps({"name": "services", "machine": machine, "figures": figures}, indent=2) + "\n")
    for name, value in figures.items():
        bar = BARS.get(name)
        missed += bar is not None and value > bar
        print(f"{name:44} {value:>10}" + (f"   (at most {bar})" if bar is not None else ""))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
