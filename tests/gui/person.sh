#!/usr/bin/env bash
# person.py, for what runs a shell script beside a Blender's window.
exec python3 "$(dirname "${BASH_SOURCE[0]}")/person.py"
