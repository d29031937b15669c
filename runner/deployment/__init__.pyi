from .find_model import find_model as find_model
from .predict import PredictOptions as PredictOptions
from .predict import check_files as check_files
from .predict import predict_file as predict_file
from .promote import promote as promote
