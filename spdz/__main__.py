"""`python -m spdz` is the command `spdz`."""

import sys

from spdz.cli.main import main

sys.exit(main())
