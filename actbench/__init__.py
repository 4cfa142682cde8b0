"""Would another activation function do better in my network, and what would it cost me?"""

__version__ = "0.1.0"
