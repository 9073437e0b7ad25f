"""Links to the repository follow the fork, and are left out where there is no address."""

import pytest

from tools.repository import address


@pytest.mark.parametrize(
    "remote",
    [
        "https://github.com/ann/course",
        "https://github.com/ann/course.git",
        "https://token@github.com/ann/course.git",
        "git@github.com:ann/course.git",
        "ssh://git@github.com/ann/course/",
    ],
)
def test_a_remote_becomes_an_address(remote: str) -> None:
    assert address({}, remote) == "https://github.com/ann/course"


@pytest.mark.parametrize("remote", ["", "../course", "/srv/course.git", "file:///srv/course.git"])
def test_other_remotes_have_none(remote: str) -> None:
    assert address({}, remote) is None


def test_the_variables_of_a_ci_come_first() -> None:
    github = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "ben/fork"}
    assert address(github, "git@github.com:ann/course.git") == "https://github.com/ben/fork"
    assert address({"CI_PROJECT_URL": "https://gitlab.com/ben/fork"}, "") == (
        "https://gitlab.com/ben/fork"
    )
