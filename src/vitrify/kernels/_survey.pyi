from typing import Any

def survey_trees(
    data: Any, spans: Any, item_bytes: int, width: int, columns: Any
) -> tuple[int, int, bool, bool, bool, bool, bool, bool] | None: ...
