"""OpenCV's types, of what Img23D calls, after its documentation; tests/build compares the names with the library's own.

The stubs in the package (4.11) are generated, and too narrow where it matters: a colour or a border's value only as a
sequence, though one number does as well; no None for what may be left out; and every result a union of integer and float
pixels with an older class, which can then be no index and takes no `&`. A function that is called for the first time gets
a line here.
"""

from collections.abc import Sequence

import numpy as np

from . import dnn as dnn

Scalar = float | Sequence[float]

__version__: str

BORDER_CONSTANT: int
BORDER_REFLECT: int
BORDER_REPLICATE: int
CC_STAT_AREA: int
CHAIN_APPROX_NONE: int
COLOR_BGR2BGRA: int
COLOR_BGR2RGB: int
COLOR_BGRA2BGR: int
COLOR_BGRA2RGBA: int
COLOR_GRAY2RGB: int
COLOR_LAB2RGB: int
COLOR_RGB2BGR: int
COLOR_RGB2LAB: int
COLOR_RGBA2BGRA: int
COLOR_YCrCb2RGB: int
CV_16U: int
CV_32F: int
DIST_L2: int
DIST_LABEL_PIXEL: int
DIST_MASK_3: int
DIST_MASK_5: int
DIST_MASK_PRECISE: int
FLOODFILL_MASK_ONLY: int
GC_BGD: int
GC_EVAL: int
GC_EVAL_FREEZE_MODEL: int
GC_FGD: int
GC_INIT_WITH_MASK: int
GC_PR_BGD: int
GC_PR_FGD: int
IMREAD_COLOR: int
IMREAD_IGNORE_ORIENTATION: int
IMREAD_REDUCED_COLOR_2: int
IMREAD_REDUCED_COLOR_4: int
IMREAD_REDUCED_COLOR_8: int
IMREAD_UNCHANGED: int
IMWRITE_JPEG_QUALITY: int
IMWRITE_PNG_COMPRESSION: int
INTER_AREA: int
INTER_CUBIC: int
INTER_LINEAR: int
INTER_NEAREST: int
INTER_NEAREST_EXACT: int
KMEANS_PP_CENTERS: int
LINE_8: int
MORPH_CLOSE: int
MORPH_ELLIPSE: int
MORPH_OPEN: int
RETR_CCOMP: int
RETR_EXTERNAL: int
TERM_CRITERIA_EPS: int
TERM_CRITERIA_MAX_ITER: int
WARP_INVERSE_MAP: int

class error(Exception):
    code: int

class Error:
    StsNoMem: int

# Filters and morphology

def GaussianBlur(
    src: np.ndarray, ksize: Sequence[int], sigmaX: float, dst: np.ndarray | None = ..., sigmaY: float = ..., borderType: int = ...
) -> np.ndarray: ...
def Sobel(
    src: np.ndarray,
    ddepth: int,
    dx: int,
    dy: int,
    dst: np.ndarray | None = ...,
    ksize: int = ...,
    scale: float = ...,
    delta: float = ...,
    borderType: int = ...,
) -> np.ndarray: ...
def bilateralFilter(src: np.ndarray, d: int, sigmaColor: float, sigmaSpace: float, dst: np.ndarray | None = ..., borderType: int = ...) -> np.ndarray: ...
def blur(src: np.ndarray, ksize: Sequence[int], dst: np.ndarray | None = ..., anchor: Sequence[int] = ..., borderType: int = ...) -> np.ndarray: ...
def dilate(
    src: np.ndarray,
    kernel: np.ndarray | None,
    dst: np.ndarray | None = ...,
    anchor: Sequence[int] = ...,
    iterations: int = ...,
    borderType: int = ...,
    borderValue: Scalar = ...,
) -> np.ndarray: ...
def erode(
    src: np.ndarray,
    kernel: np.ndarray | None,
    dst: np.ndarray | None = ...,
    anchor: Sequence[int] = ...,
    iterations: int = ...,
    borderType: int = ...,
    borderValue: Scalar = ...,
) -> np.ndarray: ...
def filter2D(
    src: np.ndarray,
    ddepth: int,
    kernel: np.ndarray,
    dst: np.ndarray | None = ...,
    anchor: Sequence[int] = ...,
    delta: float = ...,
    borderType: int = ...,
) -> np.ndarray: ...
def getStructuringElement(shape: int, ksize: Sequence[int], anchor: Sequence[int] = ...) -> np.ndarray: ...
def medianBlur(src: np.ndarray, ksize: int, dst: np.ndarray | None = ...) -> np.ndarray: ...
def morphologyEx(
    src: np.ndarray,
    op: int,
    kernel: np.ndarray,
    dst: np.ndarray | None = ...,
    anchor: Sequence[int] = ...,
    iterations: int = ...,
    borderType: int = ...,
    borderValue: Scalar = ...,
) -> np.ndarray: ...

# Geometry and borders

def copyMakeBorder(
    src: np.ndarray, top: int, bottom: int, left: int, right: int, borderType: int, dst: np.ndarray | None = ..., value: Scalar = ...
) -> np.ndarray: ...
def remap(
    src: np.ndarray,
    map1: np.ndarray,
    map2: np.ndarray | None,
    interpolation: int,
    dst: np.ndarray | None = ...,
    borderMode: int = ...,
    borderValue: Scalar = ...,
) -> np.ndarray: ...
def resize(
    src: np.ndarray,
    dsize: Sequence[int] | None,
    dst: np.ndarray | None = ...,
    fx: float = ...,
    fy: float = ...,
    interpolation: int = ...,
) -> np.ndarray: ...
def warpAffine(
    src: np.ndarray,
    M: np.ndarray,
    dsize: Sequence[int],
    dst: np.ndarray | None = ...,
    flags: int = ...,
    borderMode: int = ...,
    borderValue: Scalar = ...,
) -> np.ndarray: ...

# Channels, colours and arithmetic

def LUT(src: np.ndarray, lut: np.ndarray, dst: np.ndarray | None = ...) -> np.ndarray: ...
def blendLinear(src1: np.ndarray, src2: np.ndarray, weights1: np.ndarray, weights2: np.ndarray, dst: np.ndarray | None = ...) -> np.ndarray: ...
def convertScaleAbs(src: np.ndarray, dst: np.ndarray | None = ..., alpha: float = ..., beta: float = ...) -> np.ndarray: ...
def copyTo(src: np.ndarray, mask: np.ndarray | None, dst: np.ndarray | None = ...) -> np.ndarray: ...
def cvtColor(src: np.ndarray, code: int, dst: np.ndarray | None = ..., dstCn: int = ...) -> np.ndarray: ...
def extractChannel(src: np.ndarray, coi: int, dst: np.ndarray | None = ...) -> np.ndarray: ...
def integral(src: np.ndarray, sum: np.ndarray | None = ..., sdepth: int = ...) -> np.ndarray: ...
def magnitude(x: np.ndarray, y: np.ndarray, magnitude: np.ndarray | None = ...) -> np.ndarray: ...
def merge(mv: Sequence[np.ndarray], dst: np.ndarray | None = ...) -> np.ndarray: ...
def multiply(src1: np.ndarray | Scalar, src2: np.ndarray | Scalar, dst: np.ndarray | None = ..., scale: float = ..., dtype: int = ...) -> np.ndarray: ...
def split(m: np.ndarray, mv: Sequence[np.ndarray] | None = ...) -> Sequence[np.ndarray]: ...
def transform(src: np.ndarray, m: np.ndarray, dst: np.ndarray | None = ...) -> np.ndarray: ...

# Parts, distances and segmentation

def connectedComponents(image: np.ndarray, labels: np.ndarray | None = ..., connectivity: int = ..., ltype: int = ...) -> tuple[int, np.ndarray]: ...
def connectedComponentsWithStats(
    image: np.ndarray,
    labels: np.ndarray | None = ...,
    stats: np.ndarray | None = ...,
    centroids: np.ndarray | None = ...,
    connectivity: int = ...,
    ltype: int = ...,
) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]: ...
def distanceTransform(src: np.ndarray, distanceType: int, maskSize: int, dst: np.ndarray | None = ..., dstType: int = ...) -> np.ndarray: ...
def distanceTransformWithLabels(
    src: np.ndarray,
    distanceType: int,
    maskSize: int,
    dst: np.ndarray | None = ...,
    labels: np.ndarray | None = ...,
    labelType: int = ...,
) -> tuple[np.ndarray, np.ndarray]: ...
def floodFill(
    image: np.ndarray,
    mask: np.ndarray | None,
    seedPoint: Sequence[int],
    newVal: Scalar,
    loDiff: Scalar = ...,
    upDiff: Scalar = ...,
    flags: int = ...,
) -> tuple[int, np.ndarray, np.ndarray, Sequence[int]]: ...
def grabCut(
    img: np.ndarray,
    mask: np.ndarray | None,
    rect: Sequence[int] | None,
    bgdModel: np.ndarray,
    fgdModel: np.ndarray,
    iterCount: int,
    mode: int = ...,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]: ...
def kmeans(
    data: np.ndarray,
    K: int,
    bestLabels: np.ndarray | None,
    criteria: tuple[int, int, float],
    attempts: int,
    flags: int,
    centers: np.ndarray | None = ...,
) -> tuple[float, np.ndarray, np.ndarray]: ...
def setNumThreads(nthreads: int) -> None: ...
def setRNGSeed(seed: int) -> None: ...
def watershed(image: np.ndarray, markers: np.ndarray) -> np.ndarray: ...

# Outlines and drawing

def approxPolyDP(curve: np.ndarray, epsilon: float, closed: bool, approxCurve: np.ndarray | None = ...) -> np.ndarray: ...
def arcLength(curve: np.ndarray, closed: bool) -> float: ...
def boundingRect(array: np.ndarray) -> tuple[int, int, int, int]: ...
def contourArea(contour: np.ndarray, oriented: bool = ...) -> float: ...
def convexHull(points: np.ndarray, hull: np.ndarray | None = ..., clockwise: bool = ..., returnPoints: bool = ...) -> np.ndarray: ...
def ellipse(
    img: np.ndarray,
    center: Sequence[int],
    axes: Sequence[int],
    angle: float,
    startAngle: float,
    endAngle: float,
    color: Scalar,
    thickness: int = ...,
    lineType: int = ...,
    shift: int = ...,
) -> np.ndarray: ...
def fillConvexPoly(img: np.ndarray, points: np.ndarray, color: Scalar, lineType: int = ..., shift: int = ...) -> np.ndarray: ...
def fillPoly(img: np.ndarray, pts: Sequence[np.ndarray], color: Scalar, lineType: int = ..., shift: int = ..., offset: Sequence[int] = ...) -> np.ndarray: ...
def findContours(
    image: np.ndarray,
    mode: int,
    method: int,
    contours: Sequence[np.ndarray] | None = ...,
    hierarchy: np.ndarray | None = ...,
    offset: Sequence[int] = ...,
) -> tuple[Sequence[np.ndarray], np.ndarray | None]: ...
def line(
    img: np.ndarray,
    pt1: Sequence[int],
    pt2: Sequence[int],
    color: Scalar,
    thickness: int = ...,
    lineType: int = ...,
    shift: int = ...,
) -> np.ndarray: ...
def pointPolygonTest(contour: np.ndarray, pt: Sequence[float], measureDist: bool) -> float: ...
def polylines(
    img: np.ndarray,
    pts: Sequence[np.ndarray],
    isClosed: bool,
    color: Scalar,
    thickness: int = ...,
    lineType: int = ...,
    shift: int = ...,
) -> np.ndarray: ...

# Nearest neighbours

class flann_Index:
    def __init__(self, features: np.ndarray, params: dict[str, int], distType: int = ...) -> None: ...
    def knnSearch(
        self, query: np.ndarray, knn: int, indices: np.ndarray | None = ..., dists: np.ndarray | None = ..., params: dict[str, int] = ...
    ) -> tuple[np.ndarray, np.ndarray]: ...

# Files

def imdecode(buf: np.ndarray, flags: int) -> np.ndarray | None: ...
def imencode(ext: str, img: np.ndarray, params: Sequence[int] = ...) -> tuple[bool, np.ndarray]: ...
