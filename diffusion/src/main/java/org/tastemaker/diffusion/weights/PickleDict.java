package org.tastemaker.diffusion.weights;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A dict of a pickle, by those of its keys that are texts or whole numbers. Others have no use
 * here, and a key that contains itself would have no hash.
 */
final class PickleDict {
  private final Map<String, Object> values = new LinkedHashMap<>();

  void put(Object key, Object value) {
    if (key instanceof String || key instanceof Long) {
      values.put(key.toString(), value);
    }
  }

  Map<String, Object> values() {
    return values;
  }
}
