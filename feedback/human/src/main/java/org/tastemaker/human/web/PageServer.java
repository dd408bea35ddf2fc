package org.tastemaker.human.web;
/** Draft. */
public final class PageServer {
  /** Draft. */
  public record Options(int mostBytes) {}
}
