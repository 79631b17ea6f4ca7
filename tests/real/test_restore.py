"""Back to a backup that is nights old, by the command that a person would type."""

from __future__ import annotations


def test_a_backup_from_nights_ago_makes_nothing_twice(place, inventory):
    for _ in range(3):
        assert 0 == place.night().exit_code
        inventory.change()
        inventory.export(place.folder)
    oldest = min((place.folder / "backups").iterdir())
    reads = place.sandbox.counts()["reads"]

    restored = place.run("state", "restore", str(oldest))
    night = place.night()

    assert 0 == restored.code
    assert "The next run reads every scope before it plans." in restored.stdout
    assert 0 == night.exit_code, night
    assert place.sandbox.counts()["reads"] - reads >= 6
    assert [] == inventory.differences(place.sandbox)
    place.quiet_night()
