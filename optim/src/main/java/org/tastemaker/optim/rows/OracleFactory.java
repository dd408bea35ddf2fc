package org.tastemaker.optim.rows;

import java.io.Serializable;
import java.math.BigDecimal;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Usage;
import org.tastemaker.core.run.Settings;

/**
 * Makes a judge where it is needed: in a worker's process. Serializable, so that it can be sent
 * there; a key of a service is not a part of it, but read from the worker's environment.
 */
public interface OracleFactory extends Serializable {
  /**
   * Makes the judge.
   *
   * @return called from several threads, if the worker is to ask several questions at once; closed
   *     with the worker if it is {@link AutoCloseable}
   */
  FeedbackOracle open();

  /**
   * What decides the judge's answers, such as its model, protocol and temperature. Equal settings
   * give equal answers, and an answer of other settings is not used.
   *
   * @return the settings; no secrets
   */
  Settings settings();

  /**
   * What a usage costs.
   *
   * @param usage of one answer
   * @return in any currency, at least 0; 0 unless a factory says otherwise
   */
  default BigDecimal cost(Usage usage) {
    return BigDecimal.ZERO;
  }

  /**
   * The hash of the settings, by which rows name this judge.
   *
   * @return a SHA-256
   */
  default String hash() {
    return Hashes.of(settings());
  }
}
