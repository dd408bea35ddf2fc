package org.tastemaker.examples.console;

import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;

/** A listener that can be given away before it is known where its events go. */
public final class Relay implements RunListener {
  private volatile RunListener to = RunListener.none();

  /** A relay that drops all events so far. */
  public Relay() {}

  /**
   * Sets where the events go from now on.
   *
   * @param listener receives them
   */
  public void to(RunListener listener) {
    to = RunListener.all(listener);
  }

  @Override
  public void on(RunEvent event) {
    to.on(event);
  }
}
