"""Write face.safetensors, the features of face.png: python tests/pretrained/make_features.py (once, when weights or network change)."""

from pathlib import Path

import numpy as np
from PIL import Image
from safetensors.numpy import save_file

from automl.preprocessing.pictures.frozen import look

HERE = Path(__file__).parent
SIDE = 64


def face_features() -> np.ndarray:
    """Return the features of the bundled picture (Noto Color Emoji, U+1F600, Apache-2.0), float32 (1280,)."""
    picture = np.asarray(Image.open(HERE / "face.png").convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR), dtype=np.uint8)
    return look(picture[None], SIDE)[1][0]


if __name__ == "__main__":
    save_file({"features": face_features()}, HERE / "face.safetensors")
