/** The page as `bundlePage.ts` bundles it. */
declare module '*/page/index.html' {
  const page: import('./lambda/pageRoutes.ts').BundledPage
  export default page
}
