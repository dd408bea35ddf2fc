package org.tastemaker.reward.clip;

/**
 * How an image is made as large as CLIP reads it. Scores shift with it, by more than many
 * differences that are reported, so it belongs beside every score.
 *
 * <p>All resize the shorter side to S by bicubic interpolation, cut the middle S x S out, and
 * normalise each colour. They differ in the interpolation and in which pixel the cut begins at.
 *
 * <table class="striped">
 * <caption>The modes, with n the resized side</caption>
 * <thead><tr><th>mode</th><th>on</th><th>a</th><th>antialiased</th><th>the cut begins at</th></tr>
 * </thead>
 * <tbody>
 * <tr><td>{@link #PIL}</td><td>bytes</td><td>-0.5</td><td>yes</td><td>(n - S) / 2, rounded down
 *     </td></tr>
 * <tr><td>{@link #HPS_ORIGINAL}</td><td>floats</td><td>-0.75</td><td>no</td><td>(n - S) / 2,
 *     rounded to even</td></tr>
 * <tr><td>{@link #HPS_ORIGINAL_ANTIALIASED}</td><td>floats</td><td>-0.5</td><td>yes</td><td>(n - S)
 *     / 2, rounded to even</td></tr>
 * </tbody>
 * </table>
 *
 * <p>The longer side becomes S long / short, rounded down, in all of them.
 */
public enum Preprocessing {
  /**
   * The image processor of transformers, over the Python Imaging Library: PickScore, CLIP score,
   * the aesthetic predictor. Rows first, then columns; each pass rounds to bytes and clamps them to
   * [0, 255], in the library's fixed-point arithmetic, so the pixels are its bytes.
   *
   * <p>OpenCLIP's own transform is the same but for the cut, which it begins half a pixel rounded
   * to even: it differs where n - S is odd. The "fast" processors of newer transformers resize with
   * PyTorch and can differ by one byte.
   */
  PIL,

  /**
   * What HPSv2's program does with the torchvision of its time (before 0.17): the image becomes
   * floats first, and those are interpolated without antialiasing and are not clamped.
   */
  HPS_ORIGINAL,

  /**
   * What the same program does with torchvision 0.17 or later, where the interpolation of floats
   * became an antialiased one.
   */
  HPS_ORIGINAL_ANTIALIASED;

  boolean antialiased() {
    return this != HPS_ORIGINAL;
  }

  /** Where the cut begins. */
  int cut(int resized, int size) {
    return this == PIL ? (resized - size) / 2 : (int) Math.rint((resized - size) / 2.0);
  }
}
