"""What authors of attacks test with: `check_attack` and the small world it runs in."""

from auditor.testing.check_attack import check_attack
from auditor.testing.world import World, small_value_world, small_world

__all__ = ["World", "check_attack", "small_value_world", "small_world"]
