package org.tastemaker.human.web;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;

/**
 * A file of a page.
 *
 * @param type such as {@code text/css; charset=utf-8}
 * @param content of the file
 */
public record PageFile(String type, byte[] content) {
  public PageFile {
    Objects.requireNonNull(type, "type == null");
    Objects.requireNonNull(content, "content == null");
  }

  /**
   * A resource of a jar.
   *
   * @param beside a class of its package
   * @param name of the file; its ending says the type: {@code .html}, {@code .css}, {@code .js} or
   *     {@code .svg}
   * @return its content
   */
  public static PageFile of(Class<?> beside, String name) {
    String type =
        switch (name.substring(name.lastIndexOf('.') + 1)) {
          case "html" -> "text/html; charset=utf-8";
          case "css" -> "text/css; charset=utf-8";
          case "js" -> "text/javascript; charset=utf-8";
          case "svg" -> "image/svg+xml";
          default ->
              throw new IllegalArgumentException(
                  "a page is made of .html, .css, .js and .svg files, but this one is " + name);
        };
    try (InputStream in = beside.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(
            name + " is not among the resources beside " + beside.getName() + "; build its module");
      }
      return new PageFile(type, in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + name + ": " + e.getMessage(), e);
    }
  }
}
