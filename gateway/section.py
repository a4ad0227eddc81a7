from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """What every table of the configuration shares: an unknown key is a mistake, and nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
