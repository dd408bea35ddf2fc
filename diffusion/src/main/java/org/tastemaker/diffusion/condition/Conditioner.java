package org.tastemaker.diffusion.condition;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Encodes the texts of prompts for the U-Net, and caches them. All views of a model share one, so a
 * text that is sampled, trained on and scored goes through the text encoder once.
 *
 * <p>The cache is bounded: beyond its capacity the least recently used text is evicted. It is
 * emptied when the text encoder was trained, which {@link #conditions} notices by a checksum of the
 * weights. So call that once for each use of the model, and not for each text.
 *
 * <p>Not thread-safe, like the model.
 */
public final class Conditioner {
  /** How many texts are cached unless more are reserved: 60 MB for Stable Diffusion 1. */
  private static final int CAPACITY = 256;

  private record Key(String text, int clipSkip) {}

  private final TextEncoder encoder;
  private final Map<Key, Condition> cache = new LinkedHashMap<>(16, 0.75f, true); // by last use
  private int capacity;
  private long checksum;
  private long encoded;

  private Conditioner(TextEncoder encoder, int capacity) {
    this.encoder = Objects.requireNonNull(encoder, "encoder == null");
    this.capacity = capacity;
  }

  /**
   * A conditioner with an empty cache of 256 texts.
   *
   * @param encoder of the texts; not closed here
   * @return the conditioner
   */
  public static Conditioner of(TextEncoder encoder) {
    return of(encoder, CAPACITY);
  }

  static Conditioner of(TextEncoder encoder, int capacity) {
    return new Conditioner(encoder, capacity);
  }

  /**
   * What encodes the texts.
   *
   * @return the encoder
   */
  public TextEncoder encoder() {
    return encoder;
  }

  /**
   * Begins a use of the model: empties the cache if the text encoder was trained since, and
   * reserves room.
   *
   * @param clipSkip last layers of the text encoder to leave out, at least 0
   * @param texts for how many texts the cache must have room at least, such as those of a rollout
   *     that is trained on later; 0 to leave it as it is. It never shrinks.
   * @return texts as conditions
   */
  public Conditions conditions(int clipSkip, int texts) {
    if (clipSkip < 0) {
      throw new IllegalArgumentException("clipSkip must be at least 0, but was " + clipSkip);
    }
    long now = encoder.checksum();
    if (now != checksum) {
      cache.clear();
      checksum = now;
    }
    capacity = Math.max(capacity, texts);
    return text -> condition(new Key(text, clipSkip));
  }

  /**
   * How many texts went through the text encoder: the cache's misses.
   *
   * @return at least 0
   */
  public long encoded() {
    return encoded;
  }

  private Condition condition(Key key) {
    Condition found = cache.get(key);
    if (found == null) {
      found = encoder.encode(key.text, key.clipSkip);
      encoded++;
      cache.put(key, found);
      evict();
    }
    return found;
  }

  private void evict() {
    Iterator<Key> eldest = cache.keySet().iterator();
    while (cache.size() > capacity) {
      eldest.next();
      eldest.remove();
    }
  }
}
