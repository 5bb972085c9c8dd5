"""A slow line before servers on loopback: one rate up for all of them together, and a delay each way.

Nothing is lost or reordered; what waits for the line waits in the sender's own buffers, as on a real one.
"""

import asyncio
import contextlib
import threading

PIECE = 1460  # bytes that leave in one go: a packet's
AHEAD = 16 * 1024  # bytes taken from a connection before their turn


class SlowLine:
    """`with SlowLine(ports, round_trip, rate_up) as line:` — `line.ports` lead to `ports`; times in s, rates in bytes/s."""

    def __init__(self, ports, round_trip, rate_up):
        self.targets = list(ports)
        self.delay = round_trip / 2
        self.rate = rate_up
        self.sent = 0  # bytes that went up
        self.ports = []
        self.free_at = 0.0  # when the line has sent all that was given to it
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        self.ready.wait()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    def _run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._listen())
        self.ready.set()
        self.loop.run_forever()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0.05))

    async def _listen(self):
        for target in self.targets:
            server = await asyncio.start_server(lambda r, w, port=target: self._connect(r, w, port), "127.0.0.1", 0)
            self.ports.append(server.sockets[0].getsockname()[1])

    async def _connect(self, near_reader, near_writer, port):
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await asyncio.gather(self._carry(near_reader, far_writer, True), self._carry(far_reader, near_writer, False))
        near_writer.close()
        far_writer.close()

    async def _carry(self, reader, writer, up):
        waiting = asyncio.Queue(AHEAD // PIECE)

        async def deliver():
            while True:
                due, data = await waiting.get()
                await asyncio.sleep(max(0.0, due - self.loop.time()))
                if not data:
                    writer.write_eof()
                    return
                writer.write(data)
                await writer.drain()

        delivering = asyncio.ensure_future(deliver())
        data = b"x"
        while data:
            data = await reader.read(PIECE)
            now = self.loop.time()
            if up:
                self.free_at = max(self.free_at, now) + len(data) / self.rate
                self.sent += len(data)
                now = self.free_at
            await waiting.put((now + self.delay, data))
        await delivering
