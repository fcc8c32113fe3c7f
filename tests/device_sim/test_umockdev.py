"""The lane with a real libusb: a process that preloads umockdev runs the tests of the other lanes on it."""

import subprocess
import sys
from pathlib import Path

import pytest

from device_sim.usb import umockdev
from device_sim.usb.device import Descriptor, Endpoint, Interface
from device_sim.usb.usbfs import descriptor_bytes

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.umockdev
@pytest.mark.timeout(900)
@pytest.mark.skipif(umockdev.missing() is not None, reason=f"no lane with a real libusb: {umockdev.missing()}")
@pytest.mark.parametrize(
    "tests", ["tests/device_sim/test_usb_backend.py", "tests/drivers/test_usb_lanes.py", "tests/drivers/test_replug.py"]
)
def test_the_same_tests_pass_below_a_real_libusb(tests: str) -> None:
    command = [sys.executable, "-m", "pytest", "-n0", "-q", "-m", "umockdev", tests]
    ran = subprocess.run(
        command, cwd=ROOT, env=umockdev.environment(), capture_output=True, text=True, timeout=800, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert " passed" in ran.stdout
    assert "skipped" not in ran.stdout


def test_a_machine_without_umockdev_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None if "umockdev" in name else "found")
    assert umockdev.missing() == "the Debian package umockdev is not installed"


def test_descriptors_are_the_bytes_that_a_kernel_caches() -> None:
    interface = Interface(
        0x0B, 0, 0, (Endpoint(0x81, 3, max_packet=8, interval=16), Endpoint(0x02, 2)), extra=b"\x02\x21"
    )
    device = Descriptor(0x1209, 0x0001, "OpenTeller", "Reader", "S1", (interface,), release=0x0203)
    # USB 2.0, tables 9-8, 9-10, 9-12 and 9-13: device, configuration, interface, class-specific, two endpoints
    assert descriptor_bytes(device).hex(" ") == (
        "12 01 00 02 00 00 00 40 09 12 01 00 03 02 01 02 03 01 "
        "09 02 22 00 01 01 00 80 32 "
        "09 04 00 00 02 0b 00 00 00 "
        "02 21 "
        "07 05 81 03 08 00 10 "
        "07 05 02 02 40 00 00"
    )
