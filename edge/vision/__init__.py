"""Where faces and hands are.  In: an image.  Out: faces and hands with boxes, scores and landmarks, and their tracks.

``detectors``  a bundle as a finder of faces or of hands
``cascade``    P-Net, R-Net, O-Net: what is kept of what they find
``single_shot``  one network that sees the whole image once
``heatmap``    its maps of centres and distances, as boxes
``stages``     running their networks in few allocations
``pyramid``    all levels of an image in one canvas, and each cell's window
``mipmap``     an image at halved sizes, and many crops of it at once
``boxes``      arithmetic on arrays of boxes
``crops``      what the classifiers see, on the device and in training
``tracking``   numbers that stay with a face or a hand
"""
