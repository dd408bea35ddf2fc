package org.tastemaker.feedback.openai;

/**
 * An image as it is sent.
 *
 * @param dataUrl {@code data:image/png;base64,...}
 * @param width of the image that was encoded
 * @param height of the image that was encoded
 */
record EncodedImage(String dataUrl, int width, int height) {
  @Override
  public String toString() {
    return "EncodedImage[" + width + " x " + height + ", " + dataUrl.length() + " characters]";
  }
}
