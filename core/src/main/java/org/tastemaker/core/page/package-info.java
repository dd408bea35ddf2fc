/**
 * Pages for people: HTML in one file that needs nothing else.
 *
 * <p>{@link org.tastemaker.core.page.HtmlPage} begins a page, {@link
 * org.tastemaker.core.page.Parts} are what sections share, and {@link
 * org.tastemaker.core.page.SvgPlot} draws curves. All of it goes through {@link
 * org.tastemaker.core.page.Markup}, which escapes whatever it is given, so a prompt or a judge's
 * words cannot become markup. A page is HTML and well-formed XML at once; images are embedded, and
 * a content security policy forbids the browser to load anything.
 */
@NullMarked
package org.tastemaker.core.page;

import org.jspecify.annotations.NullMarked;
