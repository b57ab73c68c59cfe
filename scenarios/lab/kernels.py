"""A kernel that is ready before the page asks for one."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import Unicode


class ReadyKernelManager(AsyncMappingKernelManager):
    """Keeps one kernel ready while none is in use, and hands it to the first who asks for one in its folder.

    It has run nothing but the profile's imports, so it holds nothing of anybody's. Once handed out, it is a
    kernel like any other.
    """

    ready_path = Unicode("", config=True, help="API path of the folder that the ready kernel runs in.")
    _ready: asyncio.Task[str | None] | None = None

    def prepare(self) -> None:
        """Have a kernel start, unless there is one already; needs a running event loop."""
        if self._ready is None and not len(self):
            self._ready = asyncio.create_task(self._started())

    async def _started(self) -> str | None:
        try:
            return await self._async_start_kernel(path=self.ready_path)  # type: ignore[arg-type]
        except Exception:
            self.log.warning(
                "No kernel could be made ready; one is started when it is asked for.", exc_info=True
            )
            return None

    async def _taken(self) -> str | None:
        """Return the ready kernel's id, once; None when there is none, or none that lives."""
        task, self._ready = self._ready, None  # before anything is awaited: it is handed out once
        kernel_id = await task if task else None
        if kernel_id is None or kernel_id not in self:
            return None
        if await ensure_async(self.get_kernel(kernel_id).is_alive()):
            return kernel_id
        # Otherwise it would be restarted, for nobody.
        await self._async_shutdown_kernel(kernel_id, now=True)  # type: ignore[no-untyped-call]
        return None

    def _fits(self, path: str | None, kernel_name: str | None) -> bool:
        if path is None or kernel_name not in (None, self.default_kernel_name):
            return False
        folders = {self.cwd_for_path(each) for each in (path, self.ready_path)}  # type: ignore[no-untyped-call]
        return len(folders) == 1

    async def start_kernel(  # type: ignore[override]
        self, *, kernel_id: str | None = None, path: Any = None, **kwargs: Any
    ) -> str:
        """Return the id of a kernel in the folder: the ready one if it fits, else a new one."""
        if kernel_id is None and self._fits(path, kwargs.get("kernel_name")):
            kernel_id = await self._taken()
        return await self._async_start_kernel(kernel_id=kernel_id, path=path, **kwargs)

    async def shutdown_kernel(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """End a kernel; after the last one, the next visit finds one ready again."""
        await self._async_shutdown_kernel(*args, **kwargs)  # type: ignore[no-untyped-call]
        self.prepare()
