package org.tastemaker.diffusion.condition;

import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;

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

  /** Of how many texts it is kept that they were remarked on. */
  private static final int REMARKED = 10_000;

  private static final Logger LOG = LoggerFactory.getLogger(Conditioner.class);

  private final TextEncoder encoder;
  private final Set<String> remarked = new HashSet<>();
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
    return conditions(clipSkip, texts, RunListener.none());
  }

  /**
   * Begins a use of the model, and says what is to say about its texts: once for each text it is
   * logged, as a warning, and told.
   *
   * @param clipSkip last layers of the text encoder to leave out, at least 0
   * @param texts for how many texts the cache must have room at least; 0 to leave it as it is
   * @param listener receives a {@link RunEvent.Notice} for a text that was cut off, or read
   *     literally though it looks as if more were meant
   * @return texts as conditions
   */
  public Conditions conditions(int clipSkip, int texts, RunListener listener) {
    if (clipSkip < 0) {
      throw new IllegalArgumentException("clipSkip must be at least 0, but was " + clipSkip);
    }
    long now = encoder.checksum();
    if (now != checksum) {
      cache.clear();
      checksum = now;
    }
    capacity = Math.max(capacity, texts);
    return text -> condition(new Key(text, clipSkip), listener);
  }

  /**
   * How many texts went through the text encoder: the cache's misses.
   *
   * @return at least 0
   */
  public long encoded() {
    return encoded;
  }

  private Condition condition(Key key, RunListener listener) {
    Condition found = cache.get(key);
    if (found == null) {
      remark(key.text, listener);
      found = encoder.encode(key.text, key.clipSkip);
      encoded++;
      cache.put(key, found);
      evict();
    }
    return found;
  }

  private void remark(String text, RunListener listener) {
    if (remarked.size() < REMARKED && remarked.add(text)) {
      for (String remark : encoder.remarks(text)) {
        LOG.warn(remark);
        listener.on(new RunEvent.Notice(0, remark));
      }
    }
  }

  private void evict() {
    Iterator<Key> eldest = cache.keySet().iterator();
    while (cache.size() > capacity) {
      eldest.next();
      eldest.remove();
    }
  }
}
