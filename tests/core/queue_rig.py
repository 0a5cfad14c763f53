"""Jobs that wait, as a press of a button makes them."""

from __future__ import annotations

import time
from pathlib import Path

from blender_img23d.core.queue.queued_jobs import Host, Kind, MeshToPaint, Painting, QueuedJob, Where, picture_now
from blender_img23d.shared.img23d_protocol.messages import Box, Generate, Settings, Stroke, UvSource, Wanted

HERE = Where(file="/home/me/kitchen.blend", file_key="load-1", scene="Scene", scene_uid=7, layout="CURSOR", cursor=(1.0, 2.0, 0.5))


def make(folder: Path, name: str, *, kind: Kind = Kind.GENERATE, where: Where = HERE) -> QueuedJob:
    photo = folder / f"{name}.jpg"
    photo.write_bytes(name.encode() * 100)
    strokes = (Stroke(xs=(0.1, 0.2), ys=(0.3, 0.4), radius=0.01),)
    wanted = (Wanted(name=name, box=Box(left=0.1, top=0.2, right=0.5, bottom=0.75), strokes=strokes, height=0.3),)
    request = Generate(job=f"job-{name}", photo=str(photo), run_folder=str(folder / "runs" / name), wanted=wanted, seed=12)
    host = Host(name="cup", uid=9, is_instead=True, fingerprint="f", height=0.4) if kind is Kind.AGAIN else None
    return QueuedJob(
        id=f"id-{name}",
        kind=kind,
        asked=time.time(),
        where=where,
        base_folder=str(folder),
        making=request,
        photo=picture_now(str(photo)),
        host=host,
    )


def paint(folder: Path, *names: str) -> QueuedJob:
    picture = folder / "tiles.png"
    picture.write_bytes(b"tiles")
    meshes = tuple(MeshToPaint(name=name, uid=index, picture=picture_now(str(picture))) for index, name in enumerate(names))
    view = tuple(float(number) for number in range(16))
    painting = Painting(meshes=meshes, engine="preview", seed=-1, settings=Settings(), uv=UvSource.OWN, view=view)
    return QueuedJob(id="id-" + "-".join(names), kind=Kind.RETEXTURE, asked=time.time(), where=HERE, base_folder=str(folder), painting=painting)
