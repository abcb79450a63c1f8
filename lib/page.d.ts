/** What `bundlePage.ts` makes of the page. */
declare module '*/page/index.html' {
  const page: import('./lambda/pageRoutes.ts').BundledPage
  export default page
}
