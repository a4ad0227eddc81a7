from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """What every table of the configuration shares: an unknown key is a mistake, and nothing changes later."""

    # defer_build: a table's validator is built when it is used alone; within Config it is part of that one, 0.4 MB.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)
