import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readPage } from "../../src/traffic/page";
import { productPage } from "../../testing/bookinfo";

const POD = "reviews-v2-6cc5bd5b8c-x7k2p";

describe("a product page", () => {
    it.each([
        [
            "upstream's",
            `<div class="mt-0.5">Reviews served by: \n                  ${POD}\n                  \n             ` +
                "     on cluster <div>c1</div></div>",
        ],
        ["an older one of upstream's", `<dt>Reviews served by:</dt>\n<u>${POD}</u>`],
        ["the lab's", `<p class="served">Reviews served by: <code>${POD}</code></p>`],
    ])("names the pod of reviews: %s", (_, html) => {
        expect(readPage(html)).toEqual({ reviewsPod: POD, failed: [] });
    });

    it.each([
        ["Reviews served by: null <br>", []],
        ["Reviews served by: <script>alert(1)</script>\u001b[31m", []],
        ["<html>another page</html>", []],
        ["", []],
        [
            "<p>Error fetching product reviews</p><p>Sorry, product reviews are currently unavailable for this " +
                "book.</p>",
            ["reviews"],
        ],
        [`<p>Error fetching product details</p>`, ["details"]],
        [
            "<p>The details of this book are unavailable at the moment.</p><p>The reviews of this book are " +
                "unavailable at the moment.</p>",
            ["details", "reviews"],
        ],
    ])("%j names no pod, and tells of errors in %j", (html, failed) => {
        expect(readPage(html)).toEqual({ failed });
    });

    it.each(["Ratings service is currently unavailable", "Ratings are unavailable at the moment."])(
        "tells of ratings that failed: %s",
        (error) => {
            expect(readPage(`${productPage(POD)}<p>${error}</p>`)).toEqual({ reviewsPod: POD, failed: ["ratings"] });
        },
    );

    it("names whatever pod it is", () => {
        const names = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,60}[a-z0-9])?$/).filter((name) => name !== "null");
        fc.assert(
            fc.property(names, (name) => {
                expect(readPage(productPage(name)).reviewsPod).toBe(name);
            }),
        );
    });
});
