"""A step of the confinement that the kernel refuses ends the child: it never goes on half confined."""

import ctypes
import errno

import pytest

from bot.jail.kernel import call, prctl
from bot.jail.landlock import CREATE_RULESET


def test_a_system_call_that_fails_is_an_error() -> None:
    with pytest.raises(OSError) as failed:
        call(CREATE_RULESET, b"\0" * 8, ctypes.c_size_t(1), ctypes.c_uint32(0))
    assert failed.value.errno in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)
    with pytest.raises(OSError) as failed:
        prctl(-1)
    assert failed.value.errno == errno.EINVAL
