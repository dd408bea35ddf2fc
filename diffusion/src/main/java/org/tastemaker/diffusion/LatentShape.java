package org.tastemaker.diffusion;

/**
 * The shape of one image's latents.
 *
 * @param channels usually 4
 * @param height in latent pixels
 * @param width in latent pixels
 */
public record LatentShape(int channels, int height, int width) {
  /**
   * The number of elements.
   *
   * @return channels times height times width
   */
  public int size() {
    return channels * height * width;
  }
}
