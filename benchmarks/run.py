"""All benchmarks, the quick ones first: python -m benchmarks.run"""

import os

from benchmarks import build, scoring, trial_start

if __name__ == "__main__":
    print(f"{os.cpu_count()} cores")
    trial_start.main()
    scoring.main()
    build.main()
