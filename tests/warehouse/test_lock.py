import errno
import fcntl

import pytest

from finrec_spark.errors import ConfigError
from finrec_spark.warehouse.lock import exclusive


def test_a_folder_on_a_file_system_without_locks_is_a_usage_error_of_one_line(monkeypatch, tmp_path):
    def flock(file, operation):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", flock)
    told = pytest.raises(ConfigError, match=r"cannot be locked \(Function not implemented\); give --lake")
    with told as error, exclusive(str(tmp_path)):
        pass
    assert "\n" not in str(error.value)
