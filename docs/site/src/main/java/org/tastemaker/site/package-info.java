/**
 * Makes the project's site of the Markdown files in docs: a folder of plain HTML that opens from
 * disk, without a script, a font or a picture from elsewhere.
 *
 * <pre>
 * Site        the program: what is done, in order
 * Sources     which Markdown files become pages, and which other files they lead to
 * Addresses   where a file of the project is in the site
 * Markdown    a file to HTML: tables, anchors, coloured Java, diagrams
 * Template    the frame of a page, with the navigation beside it
 * Contents    the navigation, and the page that lists all pages with their headings
 * SourcePages files of code, and folders, as pages
 * Apidoc      the documentation of all modules' classes in one
 * DeadLinks   what leads nowhere, in Markdown and in the finished site
 * </pre>
 */
@NullMarked
package org.tastemaker.site;

import org.jspecify.annotations.NullMarked;
