package org.tastemaker.diffusion.cuda;

/** How a tensor lies in a GPU's memory; the arithmetic is float32 always. */
public enum StorageType {
  /** IEEE single precision. */
  FLOAT32("float32", 4),
  /** IEEE half precision; what is beyond 65,504 becomes infinite. */
  FLOAT16("float16", 2),
  /** The upper half of a float32. */
  BFLOAT16("bfloat16", 2);

  private final String key;
  private final int bytes;

  StorageType(String key, int bytes) {
    this.key = key;
    this.bytes = bytes;
  }

  /** As in the kernels' names. */
  String key() {
    return key;
  }

  /**
   * The size of an element.
   *
   * @return bytes
   */
  public int bytes() {
    return bytes;
  }
}
