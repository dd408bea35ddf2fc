package org.tastemaker.core;

/** What the samples of a pixel in a file stand for, each in [0, 1]. */
enum Layout {
  GREY(1, false),
  GREY_ALPHA(1, true),
  RGB(3, false),
  RGB_ALPHA(3, true),
  /** Ink: 0 is none. */
  CMYK(4, false);

  /** Without alpha. */
  final int colours;

  final boolean alpha;

  Layout(int colours, boolean alpha) {
    this.colours = colours;
    this.alpha = alpha;
  }

  /** Per pixel. */
  int samples() {
    return colours + (alpha ? 1 : 0);
  }
}
