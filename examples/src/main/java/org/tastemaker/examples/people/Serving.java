package org.tastemaker.examples.people;

import org.tastemaker.human.web.PageServer;

/** What is done while a page is there: a command waits for its end, a test visits the page. */
interface Serving {
  /** Returns when the page is to end. */
  void run(PageServer server) throws InterruptedException;
}
