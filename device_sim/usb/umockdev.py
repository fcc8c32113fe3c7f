"""A simulated USB bus below an unmodified libusb: umockdev shows its devices as files of /sys and /dev to this process.

Needs the Debian packages umockdev and libusb-1.0-0, and a process that was started with `environment()`.
"""

import atexit
import ctypes
import ctypes.util
import errno
import functools
import itertools
import os
import shutil
import threading
from collections.abc import Mapping
from typing import Any

from usb.core import USBError

from device_sim.usb.bus import Plugged, SimulatedBus
from device_sim.usb.device import UsbFunction
from device_sim.usb.usbfs import DeviceFile, descriptor_bytes
from kiosk_core.clock import Clock

_PRELOAD = "libumockdev-preload.so.0"
_DEVICE_NUMBERS = 127  # of a USB bus; a kernel begins anew after the last one

# The signals: handler (at the end of a client: none), client, parameter; the last one is our own, and none.
_IOCTL = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
_CLIENT = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
_CLOSED = _CLIENT


class _IoctlData(ctypes.Structure):
    """The beginning of UMockdevIoctlData: a GObject, and `data`, which holds the argument of the ioctl."""

    _fields_ = (("parent", ctypes.c_byte * 24), ("data", ctypes.POINTER(ctypes.c_ulong)))


def missing() -> str | None:
    """Return what this machine lacks for such a bus, None where it lacks nothing."""
    for library, package in (("umockdev-preload", "umockdev"), ("usb-1.0", "libusb-1.0-0")):
        if ctypes.util.find_library(library) is None:
            return f"the Debian package {package} is not installed"
    return None


def environment() -> Mapping[str, str]:
    """Return the environment for a process that is to have such a bus."""
    before = os.environ.get("LD_PRELOAD", "")
    return {**os.environ, "LD_PRELOAD": f"{_PRELOAD}:{before}" if before else _PRELOAD}


def is_preloaded() -> bool:
    """Return whether this process was started so."""
    return _PRELOAD in os.environ.get("LD_PRELOAD", "")


class UmockdevBus(SimulatedBus):
    """A SimulatedBus whose devices libusb finds."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._testbed = _testbed()
        self._paths: dict[UsbFunction, str] = {}

    def attach(self, function: UsbFunction, kernel_drivers: frozenset[int] = frozenset()) -> Plugged:
        """Plug a device in, as SimulatedBus does, and have the kernel announce it."""
        plugged = super().attach(function, kernel_drivers)
        self._paths[function] = self._testbed.plug(self, plugged)
        return plugged

    def detach(self, function: UsbFunction) -> None:
        """Pull a device out, as SimulatedBus does, and have the kernel announce it."""
        super().detach(function)
        self._testbed.unplug(self._paths.pop(function))

    def close(self) -> None:
        """Pull every device out."""
        for function in list(self._paths):
            self.detach(function)


class _Testbed:
    """umockdev's world of this process. Its own thread calls the methods that answer ioctls."""

    def __init__(self) -> None:
        self._library = _library()
        self._lock = threading.Lock()
        self._plugged: dict[str, tuple[SimulatedBus, Plugged]] = {}
        self._files: dict[int, DeviceFile] = {}
        self._numbers = itertools.cycle(range(1, _DEVICE_NUMBERS + 1))
        self._testbed = self._library.umockdev_testbed_new()
        root = self._library.umockdev_testbed_get_root_dir(self._testbed).decode()
        atexit.register(shutil.rmtree, root, ignore_errors=True)
        handler = self._library.umockdev_ioctl_base_new()
        # GLib calls them for ever, so they are kept for ever.
        self._callbacks = _IOCTL(self._ioctl), _CLIENT(self._opened), _CLOSED(self._closed)
        on_ioctl, on_opened, self._on_closed = self._callbacks
        _connect(handler, "handle-ioctl", on_ioctl)
        _connect(handler, "client-connected", on_opened)
        for number in range(1, _DEVICE_NUMBERS + 1):
            self._library.umockdev_testbed_attach_ioctl(self._testbed, _node(number).encode(), handler, None)

    def plug(self, bus: SimulatedBus, plugged: Plugged) -> str:
        """Show a device of `bus`, and return its path in /sys."""
        with self._lock:
            number = next(each for each in self._numbers if _path(each) not in self._plugged)
            self._plugged[_path(number)] = bus, plugged
            text = _DEVICE.format(
                path=_path(number).removeprefix("/sys"),
                node=_node(number),
                name=_node(number).removeprefix("/dev/"),
                number=number,
                minor=number - 1,
                descriptors=descriptor_bytes(plugged.descriptor).hex(),
            )
            if not self._library.umockdev_testbed_add_from_string(self._testbed, text.encode(), None):
                raise RuntimeError("umockdev refuses the device")
            return _path(number)

    def unplug(self, path: str) -> None:
        """Show the device at `path` no more."""
        with self._lock:
            del self._plugged[path]
            # Versions before 0.18 remove a device without a word; libusb does not mind to be told twice.
            self._library.umockdev_testbed_uevent(self._testbed, path.encode(), b"remove")
            self._library.umockdev_testbed_remove_device(self._testbed, path.encode())

    def _opened(self, _: int, client: int, __: int) -> None:
        node = self._library.umockdev_ioctl_client_get_devnode(client).decode()
        path = _path(int(node.rpartition("/")[2]))
        try:
            bus, plugged = self._plugged[path]
            session = bus.open(plugged.address)
        except (KeyError, USBError):
            return  # unplugged just now: it answers ENODEV
        self._files[client] = DeviceFile(session, functools.partial(self._configured, path))
        _connect(client, "notify::connected", self._on_closed)

    def _closed(self, client: int, _: int, __: int) -> None:
        self._files.pop(client).close()

    def _ioctl(self, _: int, client: int, __: int) -> bool:
        number = errno.EIO
        try:
            self._carry_out(client)
            number = 0
        except OSError as error:
            number = error.errno or errno.EIO
        finally:
            # Whatever happens: libusb waits for an answer without a limit.
            self._library.umockdev_ioctl_client_complete(client, -1 if number else 0, number)
        return True

    def _carry_out(self, client: int) -> None:
        file = self._files.get(client)
        if file is None:
            raise OSError(errno.ENODEV, "unplugged")
        argument = self._library.umockdev_ioctl_client_get_arg(client).contents.data[0]
        file.ioctl(self._library.umockdev_ioctl_client_get_request(client), argument)

    def _configured(self, path: str, value: int) -> None:
        # Empty is a device without configuration, as in a kernel's sysfs.
        text = f"{value}\n" if value else ""
        self._library.umockdev_testbed_set_attribute(
            self._testbed, path.encode(), b"bConfigurationValue", text.encode()
        )


_DEVICE = """\
P: {path}
N: {name}=00
E: BUSNUM=001
E: DEVNAME={node}
E: DEVNUM={number:03}
E: DEVTYPE=usb_device
E: MAJOR=189
E: MINOR={minor}
E: SUBSYSTEM=usb
A: bConfigurationValue=1\\n
A: busnum=1\\n
A: devnum={number}\\n
A: speed=12\\n
H: descriptors={descriptors}
"""


def _node(number: int) -> str:
    return f"/dev/bus/usb/001/{number:03}"


def _path(number: int) -> str:
    return f"/sys/devices/usb1/1-{number}"


def _library() -> Any:
    library = ctypes.CDLL("libumockdev.so.0")
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    for name, result, arguments in (
        ("testbed_new", pointer, ()),
        ("testbed_get_root_dir", text, (pointer,)),
        ("testbed_attach_ioctl", ctypes.c_int, (pointer, text, pointer, pointer)),
        ("testbed_add_from_string", ctypes.c_int, (pointer, text, pointer)),
        ("testbed_remove_device", None, (pointer, text)),
        ("testbed_uevent", None, (pointer, text, text)),
        ("testbed_set_attribute", None, (pointer, text, text, text)),
        ("ioctl_base_new", pointer, ()),
        ("ioctl_client_get_arg", ctypes.POINTER(_IoctlData), (pointer,)),
        ("ioctl_client_get_request", ctypes.c_ulong, (pointer,)),
        ("ioctl_client_get_devnode", text, (pointer,)),
        ("ioctl_client_complete", None, (pointer, ctypes.c_long, ctypes.c_int)),
    ):
        function = library["umockdev_" + name]
        function.restype, function.argtypes = result, arguments
        setattr(library, "umockdev_" + name, function)
    return library


def _connect(instance: int, signal: str, callback: Any) -> None:
    connect = ctypes.CDLL("libgobject-2.0.so.0").g_signal_connect_data
    connect.argtypes = (
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_int,
    )
    connect.restype = ctypes.c_ulong
    connect(instance, signal.encode(), ctypes.cast(callback, ctypes.c_void_p), None, None, 0)


@functools.cache
def _testbed() -> _Testbed:
    """Return the only one: libusb's context and the files that it has open outlive a bus."""
    return _Testbed()
