"""Datasets as their owners publish them, and splits by person or session.

In: folders of files.  Out: :class:`Scene` (a picture and the objects in it, for detectors), :class:`LabelledImages`
(crops and their classes, for classifiers) or photos by person (for identity).

What every loader shares: ``pictures``, ``lists`` and ``tables`` read files; ``faults`` skips the damaged ones and stops
if there are many; ``groups`` says what belongs together, ``splits`` and ``scenes`` split by it; ``duplicates`` finds
equal pictures on both sides, ``checks`` looks at every picture before training.

Objects in pictures: ``cvpr13`` (MTFL too), ``pts`` (300-W), ``wider``, ``celeba``, ``voc``, ``yolo``, ``boxes`` (CSV),
``backgrounds``; ``faces`` makes one kind of box of them, ``teacher`` adds what ``teachers`` found, ``composites``
pastes hands into photos, ``drawn_faces`` prints ``drawings`` of faces onto them.
Classes: ``classes`` (a folder of them), ``folder`` (one's own), ``fer2013``, ``ferplus``, ``leap``, ``eyes``,
``gesture`` (from ``gesture_sources``).
People: ``lfw``.
"""
