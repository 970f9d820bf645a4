"""Install the folders at the top of the repository under one import name: ``simulator`` is ``simulator``."""

from setuptools import find_packages, setup

ROOMS = ("exploration", "networks", "reports", "runtime", "simulator", "validation", "workloads")

setup(
    packages=[
        *find_packages(include=["deltasim", "deltasim.*"]),
        *(
            f"deltasim.{name}"
            for name in find_packages(include=[p for room in ROOMS for p in (room, f"{room}.*")])
        ),
    ],
    package_dir={"deltasim": "deltasim", **{f"deltasim.{room}": room for room in ROOMS}},
)
