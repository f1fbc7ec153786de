"""`python -m tests.tools [NAME…]` builds the programs that tests run; what cannot be built is said."""

import sys

from tests.tools.build import build
from tests.tools.pins import PINS

names = sys.argv[1:] or list(PINS)
unknown = [name for name in names if name not in PINS]
if unknown:
    sys.exit(f"tools: there is no {', '.join(unknown)}; there are {', '.join(PINS)}")
for line in build(names):
    print(f"tools: {line}; the tests that need it say so", file=sys.stderr)
