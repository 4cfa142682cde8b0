"""Event files for TensorBoard, written without TensorFlow."""

from __future__ import annotations

import io
import time
from functools import partial
from pathlib import Path
from typing import Any

from actbench.execution.events import EpochEnded, Event, Listener, RunEnded
from actbench.reports.loggers import asked_of, curves_of, final_figures, folder_of, logger
from actbench.results.columns import FINAL, Record, Run
from actbench.results.files import append

FOLDER = "tensorboard"
FILE = "events.out.tfevents.actbench"
VERSION = "brain.Event:2"
HPARAMS = "hparams"
FLOAT32 = 1
"""Of a tensor's numbers."""


@partial(logger, needs="tensorboard")
def tensorboard(folder: Path) -> Listener:
    """Curves, settings and final figures for TensorBoard: tensorboard --logdir STORE/tensorboard.

    A folder STUDY/ARM/seed-S-KEY for every run. The settings of all runs are in its HParams tab, the seeds of an arm
    being one group; final figures are scalars named ``final/…``.
    """
    begun: set[str] = set()

    def listen(event: Event) -> None:
        match event:
            case EpochEnded(run, row):
                path = folder_of(run, folder, FOLDER) / FILE
                if run.key not in begun:
                    begun.add(run.key)
                    _begin(path, run, row.epoch)
                _write(path, row.epoch, **_scalars(curves_of(row)))
            case RunEnded(record) if record.run.key in begun and record.status != "interrupted":
                path = folder_of(record.run, folder, FOLDER) / FILE
                figures = {f"final/{name}": value for name, value in final_figures(record).items()}
                _write(path, record.epochs[-1].epoch, **_scalars(figures))
                _write(path, 0, **_end(record))

    return listen


def _begin(path: Path, run: Run, epoch: int) -> None:
    """A new file; or the mark in one that is there, from which on its readers drop what it had of these epochs."""
    from tensorboard.compat.proto.event_pb2 import SessionLog

    is_new = not path.exists()
    if is_new:
        _write(path, 0, file_version=VERSION)
    _write(path, epoch, session_log=SessionLog(status=SessionLog.START))
    if is_new or epoch == 0:
        _write(path, 0, **_start(run))


def _write(path: Path, step: int, **what: Any) -> None:
    """Add one event."""
    from tensorboard.compat.proto.event_pb2 import Event as Written
    from tensorboard.summary.writer.record_writer import RecordWriter

    block = io.BytesIO()
    RecordWriter(block).write(Written(wall_time=time.time(), step=step, **what).SerializeToString())
    append(path, block.getvalue())


def _scalars(figures: dict[str, float]) -> dict[str, Any]:
    from tensorboard.compat.proto.summary_pb2 import Summary

    return {"summary": Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in figures.items()])}


def _start(run: Run) -> dict[str, Any]:
    """What the HParams tab is to know of a run: its settings, and which runs differ in the seed alone."""
    from tensorboard.plugins.hparams.plugin_data_pb2 import SessionStartInfo

    info = SessionStartInfo(group_name=run.arm, start_time_secs=time.time())
    for name, value in asked_of(run).items():
        match value:
            case bool():
                info.hparams[name].bool_value = value
            case int() | float():
                info.hparams[name].number_value = value
            case str():
                info.hparams[name].string_value = value
    return _about_session(session_start_info=info)


def _end(record: Record) -> dict[str, Any]:
    from tensorboard.plugins.hparams.api_pb2 import STATUS_FAILURE, STATUS_SUCCESS
    from tensorboard.plugins.hparams.plugin_data_pb2 import SessionEndInfo

    status = STATUS_SUCCESS if record.status in FINAL else STATUS_FAILURE
    return _about_session(session_end_info=SessionEndInfo(status=status, end_time_secs=time.time()))


def _about_session(**info: Any) -> dict[str, Any]:
    """A summary for the HParams tab, as its own ``session_start_pb`` makes it, which would import TensorFlow."""
    from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    (name,) = info
    content = HParamsPluginData(version=0, **info).SerializeToString()
    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name=HPARAMS, content=content))
    nothing = TensorProto(dtype=FLOAT32, tensor_shape=TensorShapeProto(), float_val=[0.0])
    return {"summary": Summary(value=[Summary.Value(tag=f"_hparams_/{name}", metadata=metadata, tensor=nothing)])}
