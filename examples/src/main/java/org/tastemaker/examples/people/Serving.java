package org.tastemaker.examples.people;

import org.tastemaker.human.web.PageServer;

/** What is done while a page is there: a command waits for its end, a test visits the page. */
public interface Serving {
  /**
   * Returns when the page is to end.
   *
   * @param server of the page
   * @throws InterruptedException if all is done before that
   */
  void run(PageServer server) throws InterruptedException;
}
