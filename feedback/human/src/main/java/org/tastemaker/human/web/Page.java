package org.tastemaker.human.web;

import java.util.Map;

/**
 * What a {@link PageServer} serves: some files, and answers to what the scripts of the page ask.
 *
 * <p>Called from several threads at a time.
 */
public interface Page {
  /**
   * The files of the page. {@code /} must be one of them.
   *
   * @return by their paths, such as {@code /page.css}; all of them are in the jar
   */
  Map<String, PageFile> files();

  /**
   * Answers a request for anything else.
   *
   * @param request of a visitor whom the server knows
   * @return the answer
   * @throws InterruptedException if the server closes while the answer is awaited
   */
  Reply answer(PageRequest request) throws InterruptedException;
}
