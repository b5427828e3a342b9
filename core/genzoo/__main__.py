"""`python -m genzoo`, which is also what `torchrun -m genzoo` runs."""

from genzoo.cli.main import main

if __name__ == "__main__":
    main()
