package org.tastemaker.human.improve;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;

/** A vector with a name of its own: 64 hexadecimal digits, the same if it is equal in every bit. */
final class Point {
  private final float[] values;
  private final String key;

  private Point(float[] values) {
    this.values = values;
    Hasher hasher = Hashing.sha256().newHasher().putInt(values.length);
    for (float value : values) {
      hasher.putFloat(value);
    }
    this.key = hasher.hash().toString();
  }

  /** The caller does not change the array any more. */
  static Point of(float[] values) {
    return new Point(values);
  }

  /** [d]; must not be changed. */
  float[] values() {
    return values;
  }

  String key() {
    return key;
  }

  /** Base64 of little-endian float32, as NumPy reads it. */
  static String text(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return Base64.getEncoder().encodeToString(bytes.array());
  }

  static float[] ofText(String text) {
    byte[] bytes = Base64.getDecoder().decode(text);
    float[] values = new float[bytes.length / 4];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    return values;
  }
}
