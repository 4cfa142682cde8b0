"""Would another activation function do better in my network, and what would it cost me?"""

from actbench import lazy
from actbench.environment import __version__
from actbench.training import backends

__all__ = ["__version__"]

# Keras settles on its backend when it is imported, whoever comes first: a model, a provider or a person's own file.
lazy.before("keras", backends.prepare)
