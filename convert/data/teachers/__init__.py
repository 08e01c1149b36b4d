"""MediaPipe as a teacher: writes the lists of faces, hands and eyelids that the recipes ask for below the data folder.

In: the pictures of the data sets.  Out: ``teacher/faces.csv``, ``teacher/hands.csv``, ``eyes/teacher.csv``.
``python -m convert.data.teachers`` runs in an environment of its own: the last MediaPipe with its models inside,
0.10.21, and TensorFlow can't share one.  Nothing but :mod:`convert.data.teachers.mediapipe_models` imports it.
"""
